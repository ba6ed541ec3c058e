#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "emit/emit.hpp"

namespace netsuke {
namespace {

// Names that an argument of NAME_run must not have, in C or C++.
constexpr auto kReserved = std::to_array<std::string_view>(
    {"alignas", "alignof", "and", "arena", "asm", "auto", "bool", "break", "case", "catch", "char", "class", "const",
     "constexpr", "continue", "default", "delete", "do", "double", "else", "enum", "explicit", "export", "extern",
     "false", "float", "for", "friend", "goto", "if", "inline", "int", "long", "mutable", "namespace", "netsuke",
     "new", "not", "nullptr", "operator", "or", "private", "protected", "public", "register", "restrict", "return",
     "short", "signed", "sizeof", "static", "struct", "switch", "template", "this", "throw", "true", "try", "typedef",
     "typename", "union", "unsigned", "using", "virtual", "void", "volatile", "while", "xor"});

}  // namespace

std::string identifier(const std::string& name) {
  std::string id;
  for (char c : name) id += std::isalnum(static_cast<unsigned char>(c)) && static_cast<unsigned char>(c) < 128 ? c : '_';
  if (id.empty() || std::isdigit(static_cast<unsigned char>(id[0]))) id = "v" + id;
  while (id.size() > 1 && id[0] == '_') id.erase(0, 1);
  if (id == "_") id = "v";
  if (std::isdigit(static_cast<unsigned char>(id[0]))) id = "v" + id;
  return id;
}

std::vector<std::string> port_variables(const Program& p) {
  std::vector<std::string> names;
  std::set<std::string> taken(kReserved.begin(), kReserved.end());
  std::set<std::string> taken_macros;  // macros are upper case, so "x" and "X" must differ too
  auto add = [&](const Port& port) {
    std::string base = identifier(port.name), name = base;
    auto upper = [](std::string s) {
      std::transform(s.begin(), s.end(), s.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      return s;
    };
    for (int i = 2; taken.contains(name) || taken_macros.contains(upper(name)); i++) name = fmt::format("{}_{}", base, i);
    taken.insert(name);
    taken_macros.insert(upper(name));
    names.push_back(name);
  };
  for (const Port& port : p.inputs) add(port);
  for (const Port& port : p.outputs) add(port);
  return names;
}

}  // namespace netsuke

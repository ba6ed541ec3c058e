#include "emit/literals.hpp"

#include <cmath>
#include <limits>

#include "lower/lowering.hpp"

namespace netsuke {
namespace {

template <class T>
void append(std::string& line, T x) {
  if constexpr (std::is_same_v<T, float>) {
    line += float_literal(x);
  } else if constexpr (std::is_same_v<T, double>) {
    std::string text = std::isnan(x) ? "NAN" : std::isinf(x) ? (x > 0 ? "INFINITY" : "-INFINITY") : fmt::format("{}", x);
    if (text.find_first_of(".eNI") == std::string::npos) text += ".0";
    line += text;
  } else if constexpr (std::is_same_v<T, bool>) {
    line += x ? "true" : "false";
  } else if constexpr (std::is_same_v<T, int64_t>) {
    // The most negative value has no literal of its own.
    line += x == std::numeric_limits<int64_t>::min() ? "INT64_MIN" : fmt::format("{}LL", x);
  } else if constexpr (std::is_same_v<T, int32_t>) {
    line += x == std::numeric_limits<int32_t>::min() ? "INT32_MIN" : fmt::format("{}", x);
  } else if constexpr (std::is_unsigned_v<T> && sizeof(T) >= 4) {
    line += fmt::format("{}{}", x, sizeof(T) == 8 ? "ULL" : "UL");
  } else {
    line += fmt::format("{}", x);
  }
}

}  // namespace

std::string literal_list(const Tensor& t) {
  std::string text, line;
  visit_type(t.type, [&]<class T>() {
    for (T x : t.as<T>()) {
      line += line.empty() ? "    " : " ";
      append(line, x);
      line += ",";
      if (line.size() < 100) continue;
      text += line + "\n";
      line.clear();
    }
  });
  return line.empty() ? text : text + line + "\n";
}

std::string string_literal(const std::string& s) {
  std::string text = "\"";
  for (char c : s) {
    auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || c == '?' || code < 32 || code > 126) text += fmt::format("\\{:03o}", code);
    else text += c;
  }
  return text + "\"";
}

}  // namespace netsuke

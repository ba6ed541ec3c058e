// text_to_onnx IN.txt OUT.onnx: a model in ONNX's text syntax becomes a file, for tests written in Python.
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>

namespace netsuke::test {
void serialise_text(const std::string& text, const std::string& path);  // support/parse_text.cpp
}

int main(int argc, char** argv) {
  if (argc != 3) return std::fputs("usage: text_to_onnx IN.txt OUT.onnx\n", stderr), 1;
  try {
    std::ifstream in(argv[1]);
    netsuke::test::serialise_text(std::string(std::istreambuf_iterator<char>(in), {}), argv[2]);
  } catch (const std::exception& e) {
    return std::fprintf(stderr, "%s\n", e.what()), 1;
  }
  return 0;
}

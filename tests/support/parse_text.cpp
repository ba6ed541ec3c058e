// The only test file that sees protobuf and the ONNX library.
#include <onnx/defs/parser.h>

#include <fstream>
#include <stdexcept>

namespace netsuke::test {

void serialise_text(const std::string& text, const std::string& path) {
  onnx::ModelProto model;
  onnx::Common::Status status = onnx::OnnxParser::Parse(model, text.c_str());
  if (!status.IsOK()) throw std::runtime_error("ONNX text: " + status.ErrorMessage() + "\n" + text);
  std::ofstream out(path, std::ios::binary);
  if (!model.SerializeToOstream(&out)) throw std::runtime_error("cannot write " + path);
}

}  // namespace netsuke::test

// What --json prints. Every document has a "schema" of the form netsuke.COMMAND/VERSION; the version rises
// when a field changes its meaning or goes, not when one is added. docs/json.md describes them.
#pragma once

#include <string>

#include "compile.hpp"
#include "onnx/load.hpp"
#include "verify.hpp"

namespace netsuke {

// Each returns one JSON document, indented, with a newline at its end.
std::string compile_json(const CompileOptions& options, const CompileResult& result,
                         const std::vector<std::string>& written);
std::string verify_json(const VerifyOptions& options, const VerifyResult& result);
// `compiled` is null and `problem` set when the model does not compile.
std::string inspect_json(const std::string& model, const ModelSummary& summary, const CompileResult* compiled,
                         const Error* problem);
std::string ops_json();
std::string passes_json();
std::string error_json(const Error& e);

// Numbers of elements in the constants that the loaded graph reads: weights and biases as trained.
int64_t parameter_count(const Graph& g);

}  // namespace netsuke

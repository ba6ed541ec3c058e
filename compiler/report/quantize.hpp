// What `netsuke quantize` says about its result.
#pragma once

#include <string>

#include "quantize/quantize.hpp"

namespace netsuke {

// For a terminal: the model's figures and the weakest layers.
std::string quantize_text(const std::string& model, const QuantizeResult& r);
// Schema netsuke.quantize/1 (docs/json.md).
std::string quantize_json(const std::string& model, const QuantizeResult& r);
// One page without scripts or other files.
std::string quantize_html(const std::string& model, const QuantizeResult& r);

}  // namespace netsuke

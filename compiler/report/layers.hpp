// What the compiler made of each layer.
#pragma once

#include <string>

#include "compile.hpp"

namespace netsuke {

// How the call's weights lie in flash, and why: "int8, two channels in a word". Empty where there is nothing to choose.
std::string weights_text(const Call& c);

// A piece of HTML: the figures of the model, and a table of its calls.
std::string layers_html(const CompileOptions& o, const CompileResult& r);

}  // namespace netsuke

// Values as C++ source text.
#pragma once

#include "graph/tensor.hpp"

namespace netsuke {

// Comma-separated literals, wrapped at about 110 columns, each line with its newline. Floats round-trip.
std::string literal_list(const Tensor& t);

// "text" with what C cannot hold as it is written as octal escapes.
std::string string_literal(const std::string& s);

}  // namespace netsuke

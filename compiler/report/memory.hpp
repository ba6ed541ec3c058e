// The memory map as a picture, and what other ways to run the model would need.
#pragma once

#include <string>

#include "compile.hpp"

namespace netsuke {

// A piece of HTML: figures, the picture (time across, address up), the choices and the buffers.
std::string memory_html(const CompileResult& r);
// The same as a page of its own.
std::string memory_page(const std::string& model, const CompileResult& r);

}  // namespace netsuke

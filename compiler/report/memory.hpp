// The memory map as a picture, and what other ways to run the model would need.
#pragma once

#include <string>

#include "compile.hpp"

namespace netsuke {

// A piece of HTML: figures, the picture (time across, address up), the choices and the buffers.
std::string memory_html(const CompileResult& r);
// What `netsuke compile --report R.html` writes: the layers, and the above.
std::string compile_page(const CompileOptions& o, const CompileResult& r);

}  // namespace netsuke

// Templates and runtime headers, built into the program so that it is one file.
#pragma once

#include <string_view>

namespace netsuke {

// `path` as in the repository, e.g. "templates/model.h.mustache". CHECKs that it exists.
std::string_view embedded_file(std::string_view path);

}  // namespace netsuke

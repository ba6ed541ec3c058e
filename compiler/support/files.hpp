// Reading and writing files so that nothing half-written is ever left behind.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace netsuke {

// Relative file name -> content. Ordered, so that everything derived from it is deterministic.
using Files = std::map<std::string, std::string>;

// The whole content of a file. Throws a usage Error ("file-not-found", "file-unreadable").
std::string read_file(const std::filesystem::path& path);

// Writes through a temporary file in the same directory and a rename, so readers see the old or the
// new content and never a part. A file that already has this content is left alone, time stamp and
// all. Returns whether it wrote. Throws a usage Error ("file-unwritable").
bool write_file_if_changed(const std::filesystem::path& path, const std::string& content);

}  // namespace netsuke

#include "support/files.hpp"

#include <unistd.h>

#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

#include "support/error.hpp"

namespace netsuke {
namespace {

[[noreturn]] void fail_file(const char* id, const std::filesystem::path& path, std::string message,
                            std::string hint) {
  throw Error{ErrorKind::kUsage, id, path.string(), std::move(message), std::move(hint)};
}

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  std::error_code ec;
  if (!std::filesystem::exists(path, ec))
    fail_file("file-not-found", path, "there is no such file", "check the path");
  if (std::filesystem::is_directory(path, ec))
    fail_file("file-unreadable", path, "this is a directory, not a file", "name the file itself");
  if (!std::filesystem::is_regular_file(path, ec))  // a device such as /dev/zero might never end
    fail_file("file-unreadable", path, "this is not an ordinary file", "name a file on disk");
  std::ifstream in(path, std::ios::binary);
  std::ostringstream content;
  content << in.rdbuf();
  if (!in.good() && !in.eof()) fail_file("file-unreadable", path, "cannot read the file", "check its permissions");
  return std::move(content).str();
}

bool write_file_if_changed(const std::filesystem::path& path, const std::string& content) {
  std::error_code ec;
  if (std::filesystem::is_regular_file(path, ec) && std::filesystem::file_size(path, ec) == content.size() &&
      read_file(path) == content)
    return false;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), ec);
  std::filesystem::path temporary = path;
  temporary += fmt::format(".tmp{}", ::getpid());
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  if (!out) {
    std::filesystem::remove(temporary, ec);
    fail_file("file-unwritable", path, "cannot write the file", "check the directory's permissions and free space");
  }
  std::filesystem::rename(temporary, path, ec);
  if (ec) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    fail_file("file-unwritable", path, "cannot write the file: " + ec.message(), "check the directory's permissions");
  }
  return true;
}

}  // namespace netsuke

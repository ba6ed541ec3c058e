#include "support/error.hpp"

namespace netsuke {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage: return 1;
    case ErrorKind::kModel: return 2;
    case ErrorKind::kBudget: return 3;
    case ErrorKind::kVerify: return 4;
    case ErrorKind::kBug: break;
  }
  return 70;
}

void fail(std::string id, std::string node, std::string message, std::string hint) {
  throw Error{ErrorKind::kModel, std::move(id), std::move(node), std::move(message), std::move(hint)};
}

void fail_check(const char* file, int line, const char* condition, std::string detail) {
  throw Error{ErrorKind::kBug, "internal", fmt::format("{}:{}", file, line),
              fmt::format("check failed: {}{}{}", condition, detail.empty() ? "" : ": ", detail),
              "this is a bug in netsuke: please report it with the model or a reduced one"};
}

}  // namespace netsuke

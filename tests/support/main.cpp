#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

#include "compiler/support/error.hpp"

// Without this, Catch2 calls an Error that a test did not expect an "unknown exception".
CATCH_TRANSLATE_EXCEPTION(const netsuke::Error& e) {
  return e.id + ": " + e.node + ": " + e.message + (e.hint.empty() ? "" : " (" + e.hint + ")");
}

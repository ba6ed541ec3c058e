// The tests are written for Catch2 v2, which Debian 12 has. With v3 (Ubuntu 24.04, Debian 13) this takes the
// place of v2's one header.
#pragma once

#include <catch2/catch_all.hpp>

using Catch::Approx;

#ifdef CATCH_CONFIG_MAIN
int main(int argc, char** argv) { return Catch::Session().run(argc, argv); }
#endif

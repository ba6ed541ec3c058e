// Precompiled for every test program, like compiler/support/pch.hpp for the compiler.
#pragma once

#include <catch2/catch.hpp>

#include "compiler/support/pch.hpp"
#include "support/models.hpp"

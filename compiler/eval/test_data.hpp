// Test vectors in the layout of the ONNX backend tests: DIR/test_data_set_<k>/input_<i>.pb, output_<i>.pb.
#pragma once

#include <filesystem>

#include "emit/emit.hpp"
#include "graph/graph.hpp"

namespace netsuke {

// All data sets under `directory` (or the one that it is), in the order of their numbers. Outputs that are
// not stored are computed with the reference evaluator. Throws usage Errors when nothing is found or a
// tensor does not fit the graph.
std::vector<TestVector> load_test_vectors(const std::filesystem::path& directory, const Graph& g);

// The tensor files of those data sets.
std::vector<std::filesystem::path> test_vector_files(const std::filesystem::path& directory);

}  // namespace netsuke

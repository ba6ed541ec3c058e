// Runs the generated network over the 10,000 test images of Fashion-MNIST and prints its accuracy.
//
//   fashion_accuracy [FOLDER [CORRECT]]
//
// FOLDER holds t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, plain or with .gz. With CORRECT, the number
// of images that onnxruntime gets right, the exit code is 1 if this program's differs by more than kSlack.
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "fashion.h"

namespace {

constexpr const char* kFolder = "/usr/share/datasets/fashion-mnist";
constexpr std::array<const char*, FASHION_SCORES_COUNT> kClasses = {
    "T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"};
// Images so much on the fence that another order of summation may tip them.
constexpr int kSlack = 5;

using Bytes = std::vector<uint8_t>;
using Confusion = std::array<std::array<int, FASHION_SCORES_COUNT>, FASHION_SCORES_COUNT>;  // [label][found]

// gzread() passes plain files through unchanged.
Bytes read_file(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) file = gzopen((path + ".gz").c_str(), "rb");
  if (file == nullptr) throw std::runtime_error("no " + path + " (apt install dataset-fashion-mnist)");
  Bytes bytes;
  std::array<uint8_t, 65536> part;
  int count = 0;
  while ((count = gzread(file, part.data(), static_cast<unsigned>(part.size()))) > 0) {
    bytes.insert(bytes.end(), part.begin(), part.begin() + count);
  }
  gzclose(file);
  if (count < 0) throw std::runtime_error("cannot decompress " + path);
  return bytes;
}

size_t big_endian(const Bytes& bytes, size_t at) {
  return size_t{bytes[at]} << 24 | size_t{bytes[at + 1]} << 16 | size_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

// idx: 0, 0, 8 for uint8, the rank; then the dimensions, 4 bytes each; then the elements.
// Returns the elements of an array whose entries, along the first dimension, have `entry` bytes.
Bytes read_idx(const std::string& path, uint8_t rank, size_t entry) {
  Bytes bytes = read_file(path);
  const size_t header = 4 + 4 * size_t{rank};
  if (bytes.size() < header || bytes[0] != 0 || bytes[1] != 0 || bytes[2] != 8 || bytes[3] != rank ||
      bytes.size() != header + big_endian(bytes, 4) * entry) {
    throw std::runtime_error(path + " is not the idx file that was expected");
  }
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(header));
  return bytes;
}

// pixels: 28x28 bytes, 0 black to 255 white; the network wants 0 to 1.
size_t classify(const uint8_t* pixels) {
  alignas(FASHION_ARENA_ALIGN) static unsigned char arena[FASHION_ARENA_BYTES];
  std::array<float, FASHION_IMAGE_COUNT> image;
  std::array<float, FASHION_SCORES_COUNT> scores;
  std::transform(pixels, pixels + image.size(), image.begin(),
                 [](uint8_t pixel) { return static_cast<float>(pixel) / 255.0f; });
  fashion_run(arena, image.data(), scores.data());
  return static_cast<size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

Confusion confuse(const Bytes& images, const Bytes& labels) {
  if (images.size() != labels.size() * FASHION_IMAGE_COUNT) {
    throw std::runtime_error("not one label per image");
  }
  Confusion confusion = {};
  for (size_t i = 0; i < labels.size(); ++i) {
    ++confusion.at(labels[i])[classify(&images[i * FASHION_IMAGE_COUNT])];
  }
  return confusion;
}

void print_class(size_t label, const std::array<int, FASHION_SCORES_COUNT>& found) {
  int total = 0;
  for (int count : found) total += count;
  std::array<int, FASHION_SCORES_COUNT> wrong = found;
  wrong[label] = 0;
  const size_t worst = static_cast<size_t>(std::max_element(wrong.begin(), wrong.end()) - wrong.begin());
  std::printf("%-9s %6d %7d   %5.1f %%   %s (%d)\n", kClasses[label], total, found[label],
              100.0 * found[label] / std::max(total, 1), kClasses[worst], wrong[worst]);
}

// Returns the number of images classified as their label says.
int print_table(const Confusion& confusion, size_t total) {
  std::printf("class     images correct  accuracy  most often taken for\n");
  int correct = 0;
  for (size_t label = 0; label < confusion.size(); ++label) {
    print_class(label, confusion[label]);
    correct += confusion[label][label];
  }
  std::printf("accuracy %.2f %%: %d of %zu, arena %ld bytes\n", 100.0 * correct / static_cast<double>(total),
              correct, total, static_cast<long>(FASHION_ARENA_BYTES));
  return correct;
}

int run(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : kFolder;
  const Bytes images = read_idx(folder + "/t10k-images-idx3-ubyte", 3, FASHION_IMAGE_COUNT);
  const Bytes labels = read_idx(folder + "/t10k-labels-idx1-ubyte", 1, 1);
  const int correct = print_table(confuse(images, labels), labels.size());
  if (argc <= 2) return EXIT_SUCCESS;
  const int expected = std::atoi(argv[2]);
  std::printf("onnxruntime: %d\n", expected);
  return std::abs(correct - expected) <= kSlack ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fashion_accuracy: %s\n", error.what());
    return 2;
  }
}

// How often calls take turns: the ratios between neighbours, made whole numbers for all.
#pragma once

#include <map>

#include "lower/program.hpp"

namespace netsuke {

struct Ratio {
  int64_t over = 1, under = 1;
};

class Rates {
 public:
  explicit Rates(int calls);

  // The buffer's rows come `ratio` times as many sweeps apart as the call's turns. False: that contradicts
  // what is known.
  bool join(int call, BufferId buffer, int64_t rows, Ratio ratio);

  // Sweeps from one turn to the next, by call, as small as possible; nothing if the calls do not hang together.
  std::optional<std::vector<int64_t>> every();

 private:
  struct Node {
    int parent;
    Ratio ratio;  // of this node's interval to the parent's
  };
  std::vector<Node> nodes_;
  std::map<std::pair<BufferId, int64_t>, int> of_buffer_;
  int calls_;

  std::pair<int, Ratio> root(int node) const;
};

}  // namespace netsuke

// Windows that slide over time: what a new frame does not change is kept from one inference to the next.
#pragma once

#include "schedule/flow.hpp"

namespace netsuke {

// After push_rows. The calls at the beginning that no padding ties to the window's ends become a stream: each
// of their rows is computed once. The calls behind them work on whole maps that slide along. Exact, whatever
// the model. Throws "not-a-stream" where the rows do not run along `axis` of `input`, and where the first layers
// are tied to the window, so that nothing would be kept.
void stream_rows(Program& p, const std::string& input, int64_t axis);

// How rows flow through the streaming calls.
Flow stream_flow(const Program& p);

// After scheduling: what is kept between inferences goes into the state block.
void place_state(Program& p);

}  // namespace netsuke

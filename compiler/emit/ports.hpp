// Template data that the model's files and its drivers share.
#pragma once

#include <kainjow/mustache.hpp>

#include "emit/calls.hpp"

namespace netsuke {

using TemplateData = kainjow::mustache::data;

inline std::string text_of(int64_t x) { return fmt::to_string(x); }

template <class F>
TemplateData list_of(size_t count, F&& item) {
  TemplateData list{TemplateData::type::list};
  for (size_t i = 0; i < count; i++) list << item(i);
  return list;
}

// Where the caller writes input i in the arena; -1 if it is an argument.
int64_t arena_input_offset(const Program& p, size_t i);

// Port i: inputs first, then outputs.
TemplateData port_data(const Emission& e, size_t i);

// What the drivers' templates need: buffers for the ports, one inference in the arena that the C++ expression `arena`
// names, the test vectors.
void set_driver_ports(const Emission& e, TemplateData& d);
void set_inference(const Emission& e, const std::string& arena, TemplateData& d);
void set_test_vectors(const Emission& e, TemplateData& d);

}  // namespace netsuke

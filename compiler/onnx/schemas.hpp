// What the ONNX standard says about the form of each operator, in all versions since opset 7: numbers of
// inputs and outputs, names and types of attributes. Facts only; meaning is in ops/.
//
// libonnx could answer this too, but Debian 12's stops at opset 17 and would not know, say, Gelu.
#pragma once

#include <string_view>

namespace netsuke {

struct Schema {
  std::string_view op;
  int since;  // first opset this form is valid in
  int min_inputs, max_inputs;    // max is -1 for any number
  int min_outputs, max_outputs;  // as above
  // "name:letter" separated by blanks, a '!' after the letter when it must be given. i int, f float, s string,
  // t tensor, g graph, p sparse tensor, y type; capitals are lists of these.
  std::string_view attributes;
};

// The form of an operator (of ai.onnx, or "com.microsoft.NAME") at this opset of ai.onnx, or null for one that does not
// exist (yet).
const Schema* find_schema(std::string_view op, int opset);

// The oldest opset of its domain that has the operator and that models may use: 7 or later in ai.onnx. 0 if there is no
// such operator.
int first_opset(std::string_view op, std::string_view domain);

struct AttributeForm {
  char letter = 0;  // 0: there is no such attribute
  bool required = false;
};
AttributeForm find_attribute(const Schema& s, std::string_view name);

}  // namespace netsuke

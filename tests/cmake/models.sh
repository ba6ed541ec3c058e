# Writes the models of the firmware project. Sourced by `check`. protoc makes them out of text, so that what is
# in them can be read here.
proto=/usr/include/onnx/onnx.proto

encode() { protoc --encode="onnx.$1" -I "${proto%/*}" "$proto"; }

# tensor_type NAME DIMENSION...: an input or output; a dimension is a number or a name.
tensor_type() {
  local name=$1 dim
  shift
  echo "name: '$name' type { tensor_type { elem_type: 1 shape {"
  for dim in "$@"; do
    if [[ $dim =~ ^[0-9]+$ ]]; then echo "dim { dim_value: $dim }"; else echo "dim { dim_param: '$dim' }"; fi
  done
  echo "} } }"
}

# write_scale DIR FACTOR: y = FACTOR * ((10 x0 + x1) * 1), the 10 and the 1 in an external file.
write_scale() {
  encode ModelProto >"$1/scale.onnx" <<TEXT
ir_version: 8 opset_import { version: 13 }
graph {
  name: 'scale'
  node { op_type: 'MatMul' input: 'x' input: 'w' output: 'h' }
  node { op_type: 'MatMul' input: 'h' input: 'v' output: 'y' }
  initializer { name: 'w' data_type: 1 dims: 2 dims: 1 data_location: EXTERNAL
                external_data { key: 'location' value: 'scale.weights' } }
  initializer { name: 'v' data_type: 1 dims: 1 dims: 1 float_data: $2 }
  input { $(tensor_type x 1 2) }
  output { $(tensor_type y 1 1) }
}
TEXT
}

# write_scale_weights DIR W0 W1: each a float's four bytes, as printf writes them.
write_scale_weights() { printf "$2$3" >"$1/scale.weights"; }
one='\x00\x00\x80\x3f' two='\x00\x00\x00\x40' ten='\x00\x00\x20\x41'

write_ramp() {
  encode ModelProto >"$1/ramp.onnx" <<TEXT
ir_version: 8 opset_import { version: 13 }
graph {
  name: 'ramp'
  node { op_type: 'Relu' input: 'x' output: 'y' }
  input { $(tensor_type x batch width) }
  output { $(tensor_type y batch width) }
}
TEXT
}

# write_scale_data DIR VALUE: x = (10, 1) and the expected y, in the layout of ONNX's backend tests.
write_scale_data() {
  local set=$1/scale_data/test_data_set_0
  mkdir -p "$set"
  encode TensorProto >"$set/input_0.pb" <<<"name: 'x' data_type: 1 dims: 1 dims: 2 float_data: 10 float_data: 1"
  encode TensorProto >"$set/output_0.pb" <<<"name: 'y' data_type: 1 dims: 1 dims: 1 float_data: $2"
}

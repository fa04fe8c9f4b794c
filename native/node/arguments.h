// Arguments from JavaScript, read by name. What is wrong is a TypeError that names the argument and what it should be.
#pragma once

#include <napi.h>

#include <cmath>
#include <string>

namespace chronode {

inline Napi::TypeError ArgumentError(Napi::Env env, const char* name, const std::string& expected) {
  std::string message = "\"";
  message.append(name).append("\" should be ").append(expected);
  return Napi::TypeError::New(env, message);
}

inline std::string TextOf(const Napi::CallbackInfo& info, size_t index, const char* name) {
  if (!info[index].IsString()) throw ArgumentError(info.Env(), name, "a string");
  return info[index].As<Napi::String>();
}

inline bool FlagOf(const Napi::CallbackInfo& info, size_t index, const char* name) {
  if (!info[index].IsBoolean()) throw ArgumentError(info.Env(), name, "true or false");
  return info[index].As<Napi::Boolean>();
}

inline int64_t IntegerOf(const Napi::CallbackInfo& info, size_t index, const char* name, int64_t min, int64_t max) {
  const double value = info[index].IsNumber() ? info[index].As<Napi::Number>().DoubleValue() : NAN;
  if (!(value >= static_cast<double>(min) && value <= static_cast<double>(max)) || std::floor(value) != value) {
    throw ArgumentError(info.Env(), name, "a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return static_cast<int64_t>(value);
}

inline Napi::Uint8Array BytesOf(const Napi::CallbackInfo& info, size_t index, const char* name) {
  if (!info[index].IsTypedArray() || info[index].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throw ArgumentError(info.Env(), name, "a Uint8Array");
  }
  return info[index].As<Napi::Uint8Array>();
}

// `length` numbers, exactly.
inline Napi::Float32Array FloatsOf(const Napi::CallbackInfo& info, size_t index, const char* name, int64_t length) {
  const auto expected = "a Float32Array of " + std::to_string(length) + " numbers";
  if (!info[index].IsTypedArray() || info[index].As<Napi::TypedArray>().TypedArrayType() != napi_float32_array) {
    throw ArgumentError(info.Env(), name, expected);
  }
  const auto floats = info[index].As<Napi::Float32Array>();
  if (static_cast<int64_t>(floats.ElementLength()) != length) {
    throw ArgumentError(info.Env(), name, expected + "; it has " + std::to_string(floats.ElementLength()));
  }
  return floats;
}

}  // namespace chronode

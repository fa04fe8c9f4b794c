#include "native/kernels/scan_calls.h"

#include <algorithm>
#include <thread>

#include "native/kernels/scan_threads.h"
#include "native/kernels/simd.h"
#include "native/node/arguments.h"

namespace chronode {
namespace {

constexpr int kScanThreadsMax = 64;

// The members of a request. They were checked by name in JavaScript; here only that each is what C++ takes it for.
class Members {
 public:
  explicit Members(const Napi::Object& request) : request_(request) {}

  double Number(const char* name) const {
    const Napi::Value value = request_.Get(name);
    if (!value.IsNumber()) throw ArgumentError(request_.Env(), name, "a number");
    return value.As<Napi::Number>().DoubleValue();
  }

  uint32_t Count(const char* name) const {
    const double number = Number(name);
    if (!(number >= 0 && number <= UINT32_MAX)) throw ArgumentError(request_.Env(), name, "a whole number of 32 bits");
    return static_cast<uint32_t>(number);
  }

  std::string Text(const char* name) const {
    const Napi::Value value = request_.Get(name);
    if (!value.IsString()) throw ArgumentError(request_.Env(), name, "a string");
    return value.As<Napi::String>();
  }

  Napi::TypedArray Array(const char* name, napi_typedarray_type type) const {
    const Napi::Value value = request_.Get(name);
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
      throw ArgumentError(request_.Env(), name, "a typed array of its kind");
    }
    return value.As<Napi::TypedArray>();
  }

  Napi::Float32Array Floats(const char* name) const { return Array(name, napi_float32_array).As<Napi::Float32Array>(); }
  Napi::Uint32Array Whole(const char* name) const { return Array(name, napi_uint32_array).As<Napi::Uint32Array>(); }

  const uint32_t* OptionalWhole(const char* name) const { return request_.Get(name).IsUndefined() ? nullptr : Whole(name).Data(); }
  const double* OptionalDoubles(const char* name) const {
    return request_.Get(name).IsUndefined() ? nullptr : Array(name, napi_float64_array).As<Napi::Float64Array>().Data();
  }

 private:
  const Napi::Object request_;
};

LaneSums* LaneSumsOf(Napi::Env env, const std::string& name) {
  for (const Simd& simd : Simds()) {
    if (simd.name == name) return simd.lane_sums;
  }
  throw ArgumentError(env, "simd", "one of this processor's");
}

std::vector<float> Padded(const Napi::Float32Array& queries, uint32_t dimension, uint32_t count) {
  const size_t padded = PaddedDimension(dimension);
  std::vector<float> copy(padded * count);
  for (uint32_t q = 0; q < count; q++) std::copy_n(queries.Data() + q * dimension, dimension, copy.data() + q * padded);
  return copy;
}

ScanInput InputOf(const Napi::Object& request) {
  const Members members(request);
  const auto queries = members.Floats("queries");
  const auto runs = members.Whole("runs");
  ScanInput input{};
  Question& question = input.question;
  question.lane_sums = LaneSumsOf(request.Env(), members.Text("simd"));
  question.metric = static_cast<Metric>(members.Count("metric"));
  question.dimension = members.Count("dimension");
  question.query_count = std::min<uint32_t>(kQueriesMax, queries.ElementLength() / std::max(1u, question.dimension));
  const uint32_t* excluded = members.OptionalWhole("excluded");
  std::fill(std::begin(question.excluded), std::end(question.excluded), kNoOwner);
  if (excluded != nullptr) std::copy_n(excluded, question.query_count, question.excluded);
  question.per_owner = members.Count("perOwner");
  question.within = members.Number("within");
  question.alpha = members.Number("alpha");
  question.reference = members.Number("reference");
  question.span = members.Number("span");
  input.queries = Padded(queries, question.dimension, question.query_count);
  input.k = members.Count("k");
  input.matrix = members.Floats("matrix").Data();
  input.runs = reinterpret_cast<const Run*>(runs.Data());
  input.run_count = runs.ElementLength() / 2;
  input.ranks = members.OptionalWhole("ranks");
  input.owners = members.OptionalWhole("owners");
  input.timestamps = members.OptionalDoubles("timestamps");
  return input;
}

Napi::Value Found(Napi::Env env, const Scan& scan) {
  size_t total = 0;
  for (const std::vector<Hit>& hits : scan.hits()) total += hits.size();
  auto counts = Napi::Uint32Array::New(env, scan.hits().size());
  auto rows = Napi::Uint32Array::New(env, total);
  auto distances = Napi::Float64Array::New(env, total);
  auto scores = Napi::Float64Array::New(env, total);
  size_t i = 0;
  for (size_t q = 0; q < scan.hits().size(); q++) {
    counts.Data()[q] = static_cast<uint32_t>(scan.hits()[q].size());
    for (const Hit& hit : scan.hits()[q]) {
      rows.Data()[i] = hit.row;
      distances.Data()[i] = hit.distance;
      scores.Data()[i++] = hit.score;
    }
  }
  auto found = Napi::Object::New(env);
  found.Set("counts", counts);
  found.Set("rows", rows);
  found.Set("distances", distances);
  found.Set("scores", scores);
  return found;
}

void Settle(Napi::Env env, const Scan& scan, const Napi::Promise::Deferred& deferred) {
  if (scan.is_stopped()) {
    deferred.Resolve(env.Undefined());
  } else if (scan.error().empty()) {
    deferred.Resolve(Found(env, scan));
  } else {
    deferred.Reject(Napi::RangeError::New(env, scan.error()).Value());
  }
}

}  // namespace

Napi::Value ScanCalls::Start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto request = info[0].As<Napi::Object>();
  const int threads = static_cast<int>(IntegerOf(info, 1, "threads", 0, kScanThreadsMax));
  const auto ticket = static_cast<uint32_t>(IntegerOf(info, 2, "ticket", 0, UINT32_MAX));
  const auto deferred = Napi::Promise::Deferred::New(env);
  if (threads == 0) {
    Scan scan(InputOf(request), [](const Scan&) {});
    scan.Work();
    Settle(env, scan, deferred);
    return deferred.Promise();
  }
  const auto scan = std::make_shared<Scan>(InputOf(request), [this, environment = environment_, ticket, deferred](const Scan&) {
    environment->Post([this, ticket, deferred](Napi::Env answering) { Answer(answering, ticket, deferred); });
  });
  calls_.emplace(ticket, Call{scan, Napi::Persistent(request)});
  environment_->Hold();
  ScanOnThreads(scan, threads);
  return deferred.Promise();
}

void ScanCalls::Answer(Napi::Env env, uint32_t ticket, Napi::Promise::Deferred deferred) {
  const auto call = calls_.extract(ticket);
  environment_->Release();
  Settle(env, *call.mapped().scan, deferred);
}

void ScanCalls::Stop(const Napi::CallbackInfo& info) {
  const auto call = calls_.find(static_cast<uint32_t>(IntegerOf(info, 0, "ticket", 0, UINT32_MAX)));
  if (call != calls_.end()) call->second.scan->Stop();
}

void ScanCalls::StopAll() {
  for (const auto& [ticket, call] : calls_) call.scan->Stop();
  for (const auto& [ticket, call] : calls_) call.scan->WaitUntilLeft();
}

Napi::Value StreamPass(const Napi::CallbackInfo& info) {
  const Napi::Value numbers = info[0];
  if (!numbers.IsTypedArray() || numbers.As<Napi::TypedArray>().TypedArrayType() != napi_float32_array) {
    throw ArgumentError(info.Env(), "numbers", "a Float32Array");
  }
  const auto floats = numbers.As<Napi::Float32Array>();
  const size_t threads = static_cast<size_t>(IntegerOf(info, 1, "threads", 1, kScanThreadsMax));
  const size_t share = (floats.ElementLength() + threads - 1) / threads;
  std::vector<float> sums(threads);
  std::vector<std::thread> running;
  const auto sum = [&, data = floats.Data(), total = floats.ElementLength()](size_t i) {
    const size_t start = std::min(total, i * share);
    sums[i] = Simds()[0].stream_sum(data + start, std::min(share, total - start));
  };
  for (size_t i = 1; i < threads; i++) running.emplace_back(sum, i);
  sum(0);
  for (std::thread& thread : running) thread.join();
  float total = 0;
  for (const float part : sums) total += part;
  return Napi::Number::New(info.Env(), total);
}

}  // namespace chronode

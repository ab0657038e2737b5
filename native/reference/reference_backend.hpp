#pragma once

#include "../core/host_backend.hpp"
#include "reference.hpp"

namespace sextant {

/** Runs a plan on the scalar reference, in float32. For tests. */
class ReferenceBackend final : public HostBackend {
 public:
  Element element() const override { return Element::f32; }
  Status supports_head(int) const override { return {}; }
  Status supports_width(int) const override { return {}; }

  Status convert(const ConvertArguments& a, Stream) override { return done(reference::convert, a); }
  Status embed(const EmbedArguments& a, Stream) override { return done(reference::embed, a); }
  Status norm(const NormArguments& a, Stream) override { return done(reference::norm, a); }
  Status linear(const LinearArguments& a, Stream) override { return done(reference::linear, a); }
  Status attention(const AttentionArguments& a, Stream) override { return done(reference::attention, a); }
  Status first_attention(const FirstAttentionArguments& a, Stream) override { return done(reference::first_attention, a); }
  Status pool(const PoolArguments& a, Stream) override { return done(reference::pool, a); }

 private:
  template <class Arguments>
  static Status done(void (*operation)(const Arguments&), const Arguments& arguments) {
    operation(arguments);
    return {};
  }
};

}  // namespace sextant

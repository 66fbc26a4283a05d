#ifndef TROUPE_LOOP_LIVENESS_H_
#define TROUPE_LOOP_LIVENESS_H_

namespace troupe {

// Tells an object that makes a callback whether the callback destroyed it. Used as a field of that
// object:
//
//   Liveness::Watch watch(liveness_);
//   handler_.OnReadable();
//   if (!watch.alive()) return;   // `this` must not be touched.
//
// Thread: shard-affine.
class Liveness {
 public:
  class Watch {
   public:
    explicit Watch(Liveness& owner) : owner_(&owner), outer_(owner.innermost_) {
      owner.innermost_ = this;
    }
    ~Watch() {
      if (owner_ != nullptr) owner_->innermost_ = outer_;
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    bool alive() const { return owner_ != nullptr; }

   private:
    friend class Liveness;
    Liveness* owner_;
    Watch* outer_;
  };

  Liveness() = default;
  Liveness(const Liveness&) = delete;
  Liveness& operator=(const Liveness&) = delete;
  ~Liveness() {
    for (Watch* watch = innermost_; watch != nullptr; watch = watch->outer_) {
      watch->owner_ = nullptr;
    }
  }

 private:
  Watch* innermost_ = nullptr;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_LIVENESS_H_

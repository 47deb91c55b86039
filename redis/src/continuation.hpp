#pragma once

// A coroutine that waits, kept where it waits: no allocation, and no way round an executor that it is on already.

#include <infra/base/context.hpp>

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace infra::redis::detail {

/// Holds one completion handler without arguments, and the context in which it began to wait.
class continuation {
public:
    continuation() = default;
    ~continuation() { drop(); }
    continuation(const continuation&) = delete;
    continuation& operator=(const continuation&) = delete;

    template <class Handler>
    void hold(Handler&& h) {
        using held = std::decay_t<Handler>;
        static_assert(sizeof(held) <= sizeof space_ && std::is_nothrow_move_constructible_v<held>);
        ::new (static_cast<void*>(space_)) held(std::forward<Handler>(h));
        context_ = captured_context::capture();
        act_ = [](void* space, bool resume) {
            auto& in_place = *static_cast<held*>(space);
            held taken(std::move(in_place)); // the coroutine ends with it, and this object with the coroutine
            in_place.~held();
            if (resume)
                std::move(taken)();
        };
    }

    bool holds() const noexcept { return act_ != nullptr; }

    /// Goes on, on the calling thread, which must be that of its executor. This object may be gone afterwards.
    void resume() {
        const captured_context::resumption installed(std::move(context_));
        std::exchange(act_, nullptr)(space_, true);
    }

    /// Destroys the coroutine where it waits. This object may be gone afterwards.
    void drop() noexcept {
        if (act_)
            std::exchange(act_, nullptr)(space_, false);
    }

private:
    alignas(std::max_align_t) std::byte space_[64];
    void (*act_)(void*, bool resume) = nullptr;
    captured_context context_;
};

} // namespace infra::redis::detail

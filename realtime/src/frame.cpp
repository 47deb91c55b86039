#include <infra/realtime/frame.hpp>

#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>

namespace infra::realtime {
namespace {

// std::allocate_shared() makes one block of the object and its counts; this makes the block longer, and says where the rest begins.
template <class T>
struct longer_block {
    using value_type = T;

    std::size_t extra = 0;
    char** rest = nullptr;

    longer_block(std::size_t bytes, char** where) noexcept : extra(bytes), rest(where) {}
    template <class U>
    longer_block(const longer_block<U>& other) noexcept : extra(other.extra), rest(other.rest) {}

    T* allocate(std::size_t count) {
        auto* const block = static_cast<char*>(::operator new(count * sizeof(T) + extra));
        *rest = block + count * sizeof(T);
        return reinterpret_cast<T*>(block);
    }
    void deallocate(T* block, std::size_t) noexcept { ::operator delete(block); }

    template <class U>
    bool operator==(const longer_block<U>&) const noexcept {
        return true;
    }
};

constexpr std::size_t header_size(std::size_t payload) noexcept {
    return payload < 126 ? 2 : payload <= 0xffff ? 4 : 10;
}

// RFC 6455, 5.2: a whole text message in one frame, not masked.
void write_header(char* to, std::size_t size, std::uint64_t payload) noexcept {
    to[0] = static_cast<char>(0x81);
    to[1] = static_cast<char>(size == 2 ? payload : size == 4 ? 126 : 127);
    for (std::size_t i = size - 1; i > 1; --i, payload >>= 8)
        to[i] = static_cast<char>(payload & 0xff);
}

} // namespace

struct frame::body {
    body(frame_facts what, char* const& rest, std::string_view text)
        : facts(std::move(what)),
          bytes(rest),
          header(static_cast<std::uint32_t>(header_size(text.size()))),
          size(header + text.size()) {
        write_header(rest, header, text.size());
        std::memcpy(rest + header, text.data(), text.size());
    }

    const frame_facts facts;
    const char* const bytes; // behind this object, in the same block
    const std::uint32_t header;
    const std::size_t size;
    mutable std::mutex making;
    mutable std::array<std::unique_ptr<std::string>, 2> made{}; // guarded by making
    mutable std::array<std::atomic<const std::string*>, 2> ready{};
};

frame::frame(std::string_view text, frame_facts facts) {
    static_assert(sizeof(body) <= 160, "outbox.hpp counts so much for it: kept_beside_each");
    char* rest = nullptr;
    const longer_block<body> block(header_size(text.size()) + text.size(), &rest);
    body_ = std::allocate_shared<body>(block, std::move(facts), rest, text);
}

std::string_view frame::text() const noexcept { return body_ ? websocket().substr(body_->header) : std::string_view(); }

std::string_view frame::websocket() const noexcept {
    return body_ ? std::string_view(body_->bytes, body_->size) : std::string_view();
}

const frame_facts& frame::facts() const noexcept {
    static const frame_facts none;
    return body_ ? body_->facts : none;
}

std::string_view frame::encoded(encoding as, std::string (*make)(const frame&)) const {
    if (!body_)
        return {};
    const auto which = static_cast<std::size_t>(as);
    if (const auto* const there = body_->ready[which].load(std::memory_order_acquire))
        return *there;
    const std::scoped_lock lock(body_->making);
    auto& made = body_->made[which];
    if (!made) {
        made = std::make_unique<std::string>(make(*this));
        body_->ready[which].store(made.get(), std::memory_order_release);
    }
    return *made;
}

frame make_frame(const message& m, frame_facts facts) {
    const auto text = facts.offset != 0 ? to_text(m, facts.offset) : to_text(m);
    return {text, std::move(facts)};
}

} // namespace infra::realtime

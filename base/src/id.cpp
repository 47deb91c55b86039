#include <infra/base/id.hpp>

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>

#include "random_words.hpp"

#include <pthread.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace infra {
namespace detail {

constinit std::atomic<std::uint32_t> fork_generation{0};
constinit thread_local random_state my_random{};

} // namespace detail

namespace {

using detail::current_generation;
using detail::fork_generation;

void count_forks() {
    [[maybe_unused]] static const int registered =
        pthread_atfork(nullptr, nullptr, [] { fork_generation.fetch_add(1, std::memory_order_relaxed); });
}

/// Saves most of the system calls when ids are made in numbers; a byte is handed out once.
struct byte_pool {
    std::uint32_t generation;
    std::size_t left;
    std::array<std::byte, 512> bytes;
};

// Behind calls that are not inlined: a compiler may keep a thread_local's address across a suspension, after which the
// coroutine may be on another thread.
[[gnu::noinline]] byte_pool& this_threads_pool() {
    thread_local constinit byte_pool pool{};
    return pool;
}

[[gnu::noinline]] std::uint64_t secure_u64() {
    auto& pool = this_threads_pool();
    std::uint64_t value = 0;
    if (pool.generation != current_generation() || pool.left < sizeof value) {
        count_forks();
        random_bytes(pool.bytes);
        pool.left = pool.bytes.size();
        pool.generation = current_generation();
    }
    pool.left -= sizeof value;
    std::memcpy(&value, pool.bytes.data() + pool.left, sizeof value);
    std::fill_n(pool.bytes.data() + pool.left, sizeof value, std::byte{0});
    return value;
}

void append_hex(std::string& text, std::uint64_t value, int digits) {
    while (digits-- > 0)
        text += "0123456789abcdef"[value >> (digits * 4) & 15];
}

std::uint64_t unix_ms_now() {
    using namespace std::chrono;
    const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
    return static_cast<std::uint64_t>(std::max<std::int64_t>(now, 0));
}

} // namespace

void random_bytes(std::span<std::byte> out) {
    while (!out.empty()) {
        const auto got = ::getrandom(out.data(), out.size(), 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            throw error(errc::unavailable, std::string("getrandom: the kernel gives no random bytes (") +
                                               std::strerror(errno) + "); allow the system call in the sandbox");
        out = out.subspan(static_cast<std::size_t>(got));
    }
}

std::string random_hex(std::size_t bytes) {
    std::string raw(bytes, '\0');
    random_bytes(std::as_writable_bytes(std::span(raw)));
    return encoding::hex_encode(raw);
}

std::string uuid_v7_from(std::uint64_t unix_ms, std::uint16_t counter, std::uint64_t random) {
    constexpr std::uint64_t variant = 0b10;
    std::string text;
    text.reserve(36);
    append_hex(text, unix_ms >> 16, 8);
    text += '-';
    append_hex(text, unix_ms, 4);
    text += "-7";
    append_hex(text, counter, 3);
    text += '-';
    append_hex(text, variant << 14 | (random >> 48 & 0x3fff), 4);
    text += '-';
    append_hex(text, random, 12);
    return text;
}

std::uint64_t detail::next_uuid_tick(std::uint64_t last, std::uint64_t unix_ms, std::uint64_t seed) noexcept {
    return std::max(last + 1, unix_ms << 12 | (seed & 0x7ff));
}

std::string uuid_v7() {
    static std::atomic<std::uint64_t> last_tick{0};
    const auto random = secure_u64();
    const auto now = unix_ms_now();
    auto last = last_tick.load(std::memory_order_relaxed);
    std::uint64_t tick = 0;
    // The two bits that the id has no room for, and nine that it also shows, seed the counter: it needs no secrecy.
    do
        tick = detail::next_uuid_tick(last, now, random >> 53);
    while (!last_tick.compare_exchange_weak(last, tick, std::memory_order_relaxed));
    return uuid_v7_from(tick >> 12, static_cast<std::uint16_t>(tick & 0xfff), random);
}

[[gnu::noinline, gnu::cold]] void detail::seed(random_state& state) {
    count_forks();
    random_bytes(std::as_writable_bytes(std::span(state.words)));
    state.words[0] |= 1; // all zero is the one state it cannot leave
    state.generation = current_generation();
}

[[gnu::noinline]] void random_u64s(std::span<std::uint64_t> out) {
    auto& state = detail::my_random;
    if (!is_seeded(state))
        seed(state);
    for (auto& each : out)
        each = next_word(state);
}

[[gnu::noinline]] std::uint64_t random_u64() {
    auto& state = detail::my_random;
    if (!is_seeded(state))
        seed(state);
    return next_word(state);
}

double random_01() { return static_cast<double>(random_u64() >> 11) * 0x1.0p-53; }

} // namespace infra

#pragma once

#include "expiry_wheel.hpp"
#include "key_hash.hpp"
#include "s3_fifo.hpp"

#include <infra/cache/store.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace infra::cache {

/// A value in one block of memory: this, the key's bytes, the value's bytes. What a hit looks at comes last, beside the key.
class memory_item : public wheel_hook, public s3_hook {
public:
    static memory_item* make(std::uint64_t hash, std::string_view key, std::string_view value);
    static void free(memory_item* item) noexcept;
    struct freer {
        void operator()(memory_item* item) const noexcept { free(item); }
    };

    /// Bytes of the heap that an item takes, its place in the table included; tests compare that with the heap itself.
    static std::size_t cost_of(std::size_t key_size, std::size_t value_size) noexcept;

    std::string_view key() const noexcept { return {text(), key_size_}; }
    /// Most are asked for to be read: the value is fetched while its key is compared.
    bool has(std::string_view key) const noexcept {
        __builtin_prefetch(text() + 64);
        __builtin_prefetch(text() + 128);
        return key_size_ == key.size() && same_bytes(text(), key.data(), key.size());
    }
    std::string_view value() const noexcept { return {text() + key_size_, value_size_}; }
    bool is_sealed() const noexcept { return value_size_ != 0 && text()[key_size_] == sealed_mark; }
    bool is_over(steady_time now) const noexcept { return expires <= now; }
    bool has_end() const noexcept { return expires != steady_time::max(); }

private:
    memory_item() = default;
    char* text() noexcept { return reinterpret_cast<char*>(this + 1); }
    const char* text() const noexcept { return reinterpret_cast<const char*>(this + 1); }

    std::uint32_t key_size_ = 0;
    std::uint32_t value_size_ = 0;
};

} // namespace infra::cache

#include "memory_item.hpp"

#include <algorithm>
#include <new>

namespace infra::cache {
namespace {

// A place in the table: a pointer and a byte, in a table that is half to seven eighths full.
constexpr std::size_t cost_in_table = 14;

// What the allocator makes of a request: its own word in front, in steps of 16, 32 at least.
constexpr std::size_t heap_bytes(std::size_t asked) noexcept {
    return std::max<std::size_t>(32, (asked + 8 + 15) & ~15UL);
}

} // namespace

memory_item* memory_item::make(std::uint64_t hash, std::string_view key, std::string_view value) {
    auto* item = new (::operator new(sizeof(memory_item) + key.size() + value.size())) memory_item;
    item->fingerprint = hash;
    item->cost = static_cast<std::uint32_t>(cost_of(key.size(), value.size()));
    item->key_size_ = static_cast<std::uint32_t>(key.size());
    item->value_size_ = static_cast<std::uint32_t>(value.size());
    key.copy(item->text(), key.size());
    value.copy(item->text() + key.size(), value.size());
    return item;
}

void memory_item::free(memory_item* item) noexcept {
    item->~memory_item();
    ::operator delete(item);
}

std::size_t memory_item::cost_of(std::size_t key_size, std::size_t value_size) noexcept {
    return heap_bytes(sizeof(memory_item) + key_size + value_size) + cost_in_table;
}

} // namespace infra::cache

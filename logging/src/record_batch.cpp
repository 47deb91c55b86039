#include "record_batch.hpp"

#include <algorithm>

namespace infra::logging::detail {
namespace {

// A key that was repaired is gone when the next record is read; those that were not are ASCII, nearly always.
bool is_ascii(std::string_view key) noexcept {
    return std::ranges::all_of(key, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

} // namespace

void record_batch::add(const line& l) {
    const auto before = records_.size();
    first_field_.push_back(fields_.size());
    try {
        append_fields(fields_, l);
        keep_keys(first_field_.back());
        records_.push_back({.time = l.at,
                            .severity = l.severity,
                            .module = l.module,
                            .message = l.message,
                            .span = l.span,
                            .sequence = l.sequence,
                            .left_out = l.left_out,
                            .where = l.where});
    } catch (...) {
        shrink(before);
        throw;
    }
    weigh();
}

void record_batch::keep_keys(std::size_t first) {
    for (auto i = first; i < fields_.size(); ++i) {
        auto& key = fields_[i].key;
        if (is_reserved(key))
            key = keys_.emplace_back(key).append("_");
        else if (!is_ascii(key))
            key = keys_.emplace_back(key);
    }
}

void record_batch::shrink(std::size_t size) noexcept {
    if (size < first_field_.size()) {
        fields_.erase(fields_.begin() + static_cast<std::ptrdiff_t>(first_field_[size]), fields_.end());
        first_field_.erase(first_field_.begin() + static_cast<std::ptrdiff_t>(size), first_field_.end());
    }
    records_.erase(records_.begin() + static_cast<std::ptrdiff_t>(std::min(size, records_.size())), records_.end());
    if (size == 0 && !keys_.empty())
        keys_.clear();
    weigh();
}

std::span<const record_view> record_batch::from(level lowest) {
    give_fields();
    if (lowest == level::debug)
        return records_;
    selected_.clear();
    std::ranges::copy_if(records_, std::back_inserter(selected_),
                         [lowest](const record_view& r) { return r.severity >= lowest; });
    return selected_;
}

// Only now do they stay where they are.
void record_batch::give_fields() noexcept {
    const std::span<const record_field> all(fields_);
    for (std::size_t i = 0; i < records_.size(); ++i) {
        const auto end = i + 1 < records_.size() ? first_field_[i + 1] : all.size();
        records_[i].fields = all.subspan(first_field_[i], end - first_field_[i]);
    }
}

} // namespace infra::logging::detail

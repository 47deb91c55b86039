#pragma once

// Records on their way to sinks that want them as they are. Views of the rings' bytes, which stay until they are delivered;
// what a record leaves behind only until the next one is read is kept here.

#include "render.hpp"

#include <infra/logging/record_sink.hpp>

#include <deque>
#include <span>
#include <string>
#include <vector>

namespace infra::logging::detail {

class record_batch {
public:
    /// Throws bad_alloc, and then adds nothing.
    void add(const line& l);

    std::size_t size() const noexcept { return records_.size(); }

    /// In bytes, about what its text would be: 64 KiB are no more than 512 records.
    std::size_t weight() const noexcept { return weight_; }

    void shrink(std::size_t size) noexcept;
    void clear() noexcept { shrink(0); }

    /// All of a level or above. Valid until the next call of any member. Throws bad_alloc.
    std::span<const record_view> from(level lowest);

private:
    void weigh() noexcept { weight_ = 128 * records_.size() + 32 * fields_.size(); }
    void keep_keys(std::size_t first);
    void give_fields() noexcept;

    std::vector<record_view> records_;
    std::vector<record_field> fields_;     // of all, one after the other
    std::vector<std::size_t> first_field_; // of each record
    std::deque<std::string> keys_;         // that are no views
    std::vector<record_view> selected_;
    std::size_t weight_ = 0; // asked for after each line, also where there are no records
};

} // namespace infra::logging::detail

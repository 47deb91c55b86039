#pragma once

/// Whether a whole object, as it comes, is what its checksums say. Pure.

#include <infra/storage/checksum.hpp>
#include <infra/storage/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace infra::storage {

/// Whether a composite checksum can be compared: it is known where the parts end.
bool knows_parts(const object_info& of) noexcept;

/// Threads: one at a time.
class whole_check {
public:
    whole_check() = default;
    explicit whole_check(const object_info& of);

    bool can_tell() const noexcept { return whole_ || composite_; }

    void update(std::string_view bytes);

    /// Once all bytes have come.
    bool holds() const { return whole_ ? sum_.value() == *whole_ : parts().value() == *composite_; }
    std::string found() const { return whole_ ? sum_.value().base64() : parts().value().base64(); }
    std::string expected() const { return whole_ ? whole_->base64() : composite_->base64(); }

private:
    void update_parts(std::string_view bytes);
    running_composite parts() const; // with what has come of the last

    std::optional<checksum> whole_{};
    std::optional<composite_checksum> composite_{}; // where there is no other
    std::uint64_t part_size_ = 0;
    running_checksum sum_{}; // of the whole, or of the part that is coming
    std::uint64_t in_part_ = 0;
    std::optional<running_composite> parts_{}; // those that have come
};

} // namespace infra::storage

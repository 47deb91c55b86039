#include "whole_check.hpp"

#include <algorithm>

namespace infra::storage {

bool knows_parts(const object_info& of) noexcept {
    if (!of.composite || of.part_size == 0)
        return false;
    const auto parts = of.size / of.part_size + (of.size % of.part_size != 0);
    return parts == static_cast<std::uint64_t>(of.composite->parts);
}

whole_check::whole_check(const object_info& of) : whole_(of.checksum) {
    if (whole_)
        sum_ = running_checksum(whole_->kind());
    if (whole_ || !knows_parts(of))
        return;
    composite_ = of.composite;
    part_size_ = of.part_size;
    sum_ = running_checksum(composite_->of_parts.kind());
    parts_.emplace(sum_.kind());
}

void whole_check::update(std::string_view bytes) {
    if (whole_)
        sum_.update(bytes);
    else if (composite_)
        update_parts(bytes);
}

void whole_check::update_parts(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto next =
            bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), part_size_ - in_part_)));
        sum_.update(next);
        in_part_ += next.size();
        bytes.remove_prefix(next.size());
        if (in_part_ < part_size_)
            continue;
        parts_->add(sum_.value());
        sum_ = running_checksum(sum_.kind());
        in_part_ = 0;
    }
}

running_composite whole_check::parts() const {
    auto all = *parts_;
    if (in_part_ > 0)
        all.add(sum_.value());
    return all;
}

} // namespace infra::storage

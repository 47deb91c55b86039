#include "arrival.hpp"

#include "version.hpp"

#include <utility>

namespace infra::storage {

// Other conditions held when it began.
get_request arrival::next_request() const {
    if (!begun_)
        return asked_;
    return {.key = asked_.key,
            .range = byte_range{.offset = offset_ + received_, .length = length_ - received_},
            .read = only_that_version(info_)};
}

void arrival::answered(const opened& with) {
    if (!begun_) {
        begun_ = true;
        info_ = with.info;
        offset_ = with.offset;
        length_ = with.length;
        check_ = whole_check(info_);
        return;
    }
    if (!is_same_version(with.info, info_))
        throw storage_error(errc::precondition, what() + ": the object was replaced while it was read");
    if (with.offset != offset_ + received_ || with.length != length_ - received_)
        throw storage_error(errc::integrity, what() + ": the store gave other bytes than the range that was asked for");
}

bool arrival::is_checked() const noexcept { return check_.can_tell() && offset_ == 0 && length_ == info_.size; }

void arrival::took(std::string_view piece) {
    if (piece.size() > length_ - received_)
        throw storage_error(errc::integrity,
                            what() + ": more bytes came than the " + std::to_string(length_) + " that were to come");
    received_ += piece.size();
    if (!is_checked())
        return;
    check_.update(piece);
    if (received_ == length_ && !check_.holds())
        throw storage_error(errc::integrity,
                            what() + ": the bytes that came have the checksum " + check_.found() + ", not " +
                                check_.expected() +
                                " as those that were put; they were changed in the store or on "
                                "the way",
                            {.name = "integrity", .retryable = true});
}

void arrival::ended() const {
    if (received_ < length_)
        throw storage_error(infra::errc::unavailable,
                            what() + ": only " + std::to_string(received_) + " of " + std::to_string(length_) +
                                " bytes came",
                            {.name = "unavailable", .retryable = true, .fresh_connection = true});
}

void arrival::restart() {
    begun_ = false;
    received_ = 0;
}

} // namespace infra::storage

#pragma once

/// What has come of an object until now, and what is to be asked for next. Pure.

#include "whole_check.hpp"

#include <infra/storage/bucket.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace infra::storage {

/// An object that comes in pieces, over one connection or several.
class arrival {
public:
    explicit arrival(get_request asked) : asked_(std::move(asked)) {}

    /// What was asked for; once an answer has come, what is missing of it, of the same object.
    get_request next_request() const;

    /// Its head has come. Throws errc::precondition where it is another object than before.
    void answered(const opened& with);

    /// Throws errc::integrity for what is more than was to come, or for a whole object that is not what its checksum says: then the
    /// last piece is not to be given to anybody.
    void took(std::string_view piece);

    /// The pieces have ended. Throws, to be tried again, where there should have been more.
    void ended() const;

    /// Forgets all: the next request is the first again.
    void restart();

    bool has_begun() const noexcept { return begun_; }
    bool is_whole() const noexcept { return begun_ && received_ == length_; } ///< all that was asked for has come
    const object_info& info() const noexcept { return info_; }
    std::uint64_t offset() const noexcept { return offset_; }
    std::uint64_t length() const noexcept { return length_; }

private:
    bool is_checked() const noexcept;
    std::string what() const { return "get " + asked_.key; }

    const get_request asked_;
    bool begun_ = false;
    object_info info_{};
    std::uint64_t offset_ = 0;
    std::uint64_t length_ = 0;
    std::uint64_t received_ = 0;
    whole_check check_{};
};

} // namespace infra::storage

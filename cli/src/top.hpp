#pragma once

/// What `infra top` was asked for, and its ways to show it.

#include "frame.hpp"
#include "top_document.hpp"
#include "top_source.hpp"

#include <infra/base/error.hpp>

#include <chrono>

namespace infra::cli::top {

struct order {
    source_options from{};
    place of{};
    bool once = false;
};

/// Of the first look: asking again would not help.
inline bool is_wrong_address(const boost::system::error_code& failure) {
    return failure == errc::misconfigured || failure == errc::invalid_input;
}

/// On the whole terminal, until somebody ends it. Throws where there is none.
void watch(const order& given, bool colours);

/// Two looks an interval apart, as text or a document.
exit_code show_once(const order& given, const output& to);

/// A document a line, until Ctrl-C or until nobody reads them. Ends at once where nobody answers the first look.
exit_code tell(const order& given, const output& to);

} // namespace infra::cli::top

#pragma once

#include "layout.hpp"
#include "page.hpp"

#include <infra/base/clock.hpp>

namespace infra::storage::disk {

/// Offers the objects of a directory to a page, in the order of their keys, until it is full. Directories in which nothing can be
/// wanted are not read, and of a large one no more than some thousand names are kept at a time. What comes and goes meanwhile may be
/// listed or not; what is no object of ours is passed over.
///
/// Errors: storage_error: a directory cannot be read; infra::errc::timed_out.
void list_into(page_builder& page, const layout& in, const std::string& prefix, deadline limit, const clock& time);

} // namespace infra::storage::disk

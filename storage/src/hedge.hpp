#pragma once

/// A get that is asked a second time where its answer is late: storage_options::hedge_after.

#include "core.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/storage/bucket.hpp>

namespace infra::storage {

/// Whether what comes is short, or may be: at most 512 KiB are asked for, or a whole object, of which nothing is known. Pure.
bool may_be_short(const get_request& what) noexcept;

/// What the bucket answers until `limit`. Where it is remote and late, it is asked once more, in turn and out of the budget for
/// attempts; the first answer counts, a refusal as well, and the other request is ended. Where neither is answered, the first
/// one's failure counts.
///
/// Cancel: terminal; ends both.
awaitable<opened> ask_and_hedge(core_ptr core, get_request what, deadline limit);

} // namespace infra::storage

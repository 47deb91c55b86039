#pragma once

/// What every room speaks with: errors, time, JSON, encodings, ids, and the context and telemetry that travel.

#include <infra/base/awaitable.hpp>
#include <infra/base/backoff.hpp>
#include <infra/base/clock.hpp>
#include <infra/base/context.hpp>
#include <infra/base/context_executor.hpp>
#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>
#include <infra/base/field.hpp>
#include <infra/base/http_message.hpp>
#include <infra/base/id.hpp>
#include <infra/base/json.hpp>
#include <infra/base/propagation.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/base/time.hpp>
#include <infra/base/with_deadline.hpp>

#pragma once

/// Where work runs: loops, threads for what blocks, ways between them, and the environment.

#include <infra/runtime/blocking_pool.hpp>
#include <infra/runtime/default_runtime.hpp>
#include <infra/runtime/environment.hpp>
#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/mailbox.hpp>
#include <infra/runtime/promise.hpp>
#include <infra/runtime/wait.hpp>

// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace sluice::os {
class FileDescriptor;
class Reactor;
class ReserveDescriptor;
class SignalQueue;
class SocketAddress;
class Thread;
class Wakeup;
struct IoSlice;
struct Ready;
}  // namespace sluice::os

/* SPDX-License-Identifier: MIT */
/* A TorchScript model as a list of plain layers. */
#ifndef EV_TORCH_READER_H
#define EV_TORCH_READER_H

#include "evalrun/net.h"

namespace ev
{

/* Reads what the model computes from pictures of `form`; throws, naming the path and the layer. */
const struct ev_net *read_net(const char *path, uint32_t form);
/* Takes null. */
void free_net(const struct ev_net *net) noexcept;

} // namespace ev

#endif

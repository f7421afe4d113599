// SPDX-License-Identifier: Apache-2.0
#include "advice.h"

static const struct {
    const char *operation;
    const char *sentences[2]; /* by AdviceCase */
} ADVICE[] = {
    {"Session",
     {"BuildKit can't be judged: set DOCKER_BUILDKIT=0, build elsewhere, or have Session allowed by "
      "name, which gives builds the host's network",
      "BuildKit can't be judged: set DOCKER_BUILDKIT=0 or build elsewhere"}},
    {"GrpcUpgrade",
     {"BuildKit can't be judged: set DOCKER_BUILDKIT=0, build elsewhere, or have GrpcUpgrade "
      "allowed by name, which gives all of BuildKit",
      "BuildKit can't be judged: set DOCKER_BUILDKIT=0 or build elsewhere"}},
    {"ContainerAttachWebsocket",
     {"a websocket can't be judged: attach with POST as the docker command does, or have "
      "ContainerAttachWebsocket allowed by name, which lets web pages write to containers",
      "a websocket can't be judged: attach with POST as the docker command does"}},
};

const char *advice_find(const Operation *operation, AdviceCase which) {
    for (size_t i = 0; operation && i < ARRAY_SIZE(ADVICE); i++)
        if (strcmp(ADVICE[i].operation, operation->id) == 0)
            return ADVICE[i].sentences[which];
    return NULL;
}

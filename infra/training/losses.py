"""What training asks of a batch of vectors. All vectors are of unit length."""
import torch
import torch.nn.functional as F


def unit(x):
    return F.normalize(x.float(), dim=-1)


def regress(e, target, weight=None):
    """1 - cosine to the teacher's vector."""
    loss = 1 - (e * target).sum(-1)
    return loss.mean() if weight is None else (loss * weight).sum() / weight.sum()


def relate(e, similarity):
    """The batch's similarities are to be the teacher's."""
    wrong = (e @ e.T - similarity).pow(2)
    return (wrong.sum() - wrong.diagonal().sum()) / (len(e) * (len(e) - 1))


def resemble(e, target, others, temperature=.05):
    """Of others each text is to prefer the ones that the teacher prefers, as much as it does: cross-entropy less the teacher's own entropy."""
    wanted = (target @ others.T / temperature).log_softmax(-1)
    return F.kl_div((e @ others.T / temperature).log_softmax(-1), wanted, log_target=True, reduction='batchmean')


def match(first, second, same, temperature=.05):
    """In-batch contrast, both ways: each row's partner against all others, less those that are as right (same, a boolean matrix)."""
    scores = first @ second.T / temperature
    scores = scores.masked_fill(same & ~torch.eye(len(scores), dtype=torch.bool), -1e4)
    right = torch.arange(len(scores))
    return (F.cross_entropy(scores, right) + F.cross_entropy(scores.T, right)) / 2


def order(cosines, scores, scale=20.):
    """CoSENT: of two pairs, the one that people scored higher is to have the higher cosine."""
    wrong = (cosines[:, None] - cosines[None, :]) * scale  # positive where the first pair is closer
    wrong = wrong[scores[:, None] < scores[None, :]]
    return torch.logsumexp(torch.cat([torch.zeros(1), wrong]), 0) / scale


def cuts(dimensions, rng, steps=(64, 128, 256)):
    """Matryoshka: (dimensions, weight) of the whole vector and of one cut, drawn anew each time."""
    return [(int(rng.choice(steps)), .4), (dimensions, 1.)]

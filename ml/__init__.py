"""The thin Python layer: trains, calibrates, explains and scores on the feature mart.

Reads the relations ``features.feat_*``, writes schema ``ml`` and nothing else; ``ml.warehouse`` is
the only module that touches the database.

``train`` and ``score`` are what nights call. Below them, each reading only what stands before it:
``fitting``, ``judging``, ``registry`` (and ``study``, which nights do not call).
"""

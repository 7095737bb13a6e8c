"""The page Atlas: the detectors of classifiers and layers side by side."""

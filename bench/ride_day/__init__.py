"""A day of the demo city from a seed: 170 vans, 60 taxis and 2,400 rides wanted, lived through by the real use cases.

population, demand   who lives where, and who wants to go where and when, drawn from the seed
taxis                taxi companies with so many vehicles and tempers, behind the port that every fleet stands behind
diary                what everybody wanted, was told and saw, and what stands in the fleets' books
audit                finds in the diary who was stranded, who had two rides, and which promise was broken in silence
alone                the same day with each fleet by itself, first come first served
measures, plot       the table and the picture
"""
